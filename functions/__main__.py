"""`python -m functions`."""

from functions.cli.app import main

if __name__ == "__main__":
    main()
