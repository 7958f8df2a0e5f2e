"""Plain frozen data that everything else speaks. Knows neither torch nor textual."""
