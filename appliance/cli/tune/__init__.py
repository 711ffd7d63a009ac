"""`tune`: measure the ways to run a model on this machine, and keep the best one for later runs."""
