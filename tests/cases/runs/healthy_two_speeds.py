"""A sparse table and a dense net, each with an optimizer; the dense one steps every second batch on halved losses."""
import torch
from torch import nn

torch.manual_seed(61)
table = nn.Embedding(50, 8, sparse=True)
net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
fast = torch.optim.SparseAdam(table.parameters(), lr=1e-2)
slow = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(40):
    words = torch.randint(0, 50, (24, 4))
    loss = nn.functional.binary_cross_entropy_with_logits(net(table(words).mean(1)), (words.sum(1, keepdim=True) > 98).float())
    fast.zero_grad()
    (loss / 2).backward()
    fast.step()
    if step % 2:
        slow.step()
        slow.zero_grad()
    print(step, loss.item())
