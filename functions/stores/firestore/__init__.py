"""The Store on Firestore."""
