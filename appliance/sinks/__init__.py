"""What takes results: pictures, movies, files, the console, a window. Import the module you need."""
