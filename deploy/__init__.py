"""Ways to run Switchwise: the one-command embedded mode, the demo, and the containers."""
