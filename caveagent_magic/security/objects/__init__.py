"""The live objects of the kernel, looked at without running anything of theirs."""
