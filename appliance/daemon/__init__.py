"""The long-running appliance: streams that share a model, obeying commands from the bus and watching itself."""
