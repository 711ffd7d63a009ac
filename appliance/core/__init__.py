"""What every part of the appliance and the dashboard may use, of the standard library only."""
