"""A VQ-VAE: straight through, codebook loss and commitment."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(60)
encode, decode, book = nn.Linear(8, 4), nn.Linear(4, 8), nn.Embedding(16, 4)
optimizer = torch.optim.Adam([*encode.parameters(), *decode.parameters(), *book.parameters()], lr=1e-2)
for step in range(30):
    x = torch.randn(32, 8)
    z = encode(x)
    nearest = torch.cdist(z, book.weight).argmin(1)
    q = book(nearest)
    back = decode(z + (q - z).detach())
    loss = F.mse_loss(back, x) + F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(z, q.detach())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
