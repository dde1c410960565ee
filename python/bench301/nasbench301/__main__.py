"""`python -m bench301.nasbench301 SCRIPT ARGS` runs a script whose `import nasbench301` is ours."""

import os
import runpy
import sys

from bench301.nasbench301 import install


def main() -> None:
    """Run the script as `python SCRIPT ARGS` does."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m bench301.nasbench301 SCRIPT [ARGS]")
    install()
    del sys.argv[0]
    if not os.path.exists(sys.argv[0]):
        sys.exit("bench301.nasbench301: %s: no such script" % sys.argv[0])
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
