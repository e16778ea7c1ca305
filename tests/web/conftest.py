"""What the tests of the faces' HTTP are given: a whole Clarion, as those of the routes are."""

from tests.api.conftest import jwt_rig, logged, make_rig, rig

__all__ = ["jwt_rig", "logged", "make_rig", "rig"]
