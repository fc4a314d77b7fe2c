"""What runs beside the calls: the directory of units, and clearing away what has expired."""
