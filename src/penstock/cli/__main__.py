"""`python -m penstock.cli`: the command line, for programs that start other programs of ours."""

from penstock.cli.main import main

main()
