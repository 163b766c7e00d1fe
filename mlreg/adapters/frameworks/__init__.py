"""The frameworks whose models mlreg can save and load, one module each.

None of them has to be installed for mlreg to work or for its types to be checked: to a type checker a framework is
`Any`, and what holds the adapters to `mlreg.ports.Framework` is one suite that runs every one of them for real.
"""
