"""One file for each command, named after it: `run` is the command, `EXAMPLES` what its help shows below."""
