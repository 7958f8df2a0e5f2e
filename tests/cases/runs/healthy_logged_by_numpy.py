import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
rng = np.random.default_rng(0)
encoder, unused, head = nn.Linear(4, 6), nn.Linear(4, 6), nn.Linear(6, 1)
optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)
log = []
for step in range(25):
    x = torch.from_numpy(rng.normal(size=(16, 4)).astype("float32"))
    h = torch.tanh(encoder(x))
    log.append(h.detach().numpy().mean())
    y = torch.from_numpy(rng.normal(size=(16, 1)).astype("float32"))
    loss = nn.functional.mse_loss(head(h), y)
    optimizer.zero_grad()
    loss.backward()
    log.append(loss.item())
    optimizer.step()
print(np.mean(log))
