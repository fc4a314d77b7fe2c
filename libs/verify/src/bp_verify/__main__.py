"""`python -m bp_verify` is `bluepacific-verify`."""

from bp_verify.program import main

main()
