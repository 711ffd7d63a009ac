"""Movies and recordings: containers, encoders, segments, what is kept and for how long."""
