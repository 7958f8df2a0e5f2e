"""What single calls of torch tell while a training is watched."""
