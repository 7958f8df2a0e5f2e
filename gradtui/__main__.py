"""`python -m gradtui`"""

from gradtui.command.cli import main

if __name__ == "__main__":
    main()
