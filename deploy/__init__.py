"""Every way to run it: the command line, the one-command embedded mode, the demo, and the container set-up."""
