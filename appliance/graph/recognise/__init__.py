"""What a graph is: its family, cut, preprocessing, postprocessing, found by structure."""
