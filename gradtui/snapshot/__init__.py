"""Plain frozen data that everything else speaks. Imports nothing of gradtui, neither torch nor textual."""
