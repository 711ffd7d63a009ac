"""What every part of the appliance and the dashboard may import; standard library only."""
