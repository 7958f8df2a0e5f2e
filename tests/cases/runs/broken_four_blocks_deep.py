"""Four residual blocks, or so it was meant: the list holds one block four times."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(15)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, width)

    def forward(self, x):
        return x + F.gelu(self.mix(self.norm(x)))


class Deep(nn.Module):
    def __init__(self, width=12, depth=4):
        super().__init__()
        self.first = nn.Linear(5, width)
        self.blocks = nn.ModuleList([Block(width)] * depth)
        self.last = nn.Linear(width, 2)

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


net = Deep()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
for step in range(25):
    x = torch.randn(32, 5)
    loss = F.cross_entropy(net(x), (x[:, 0] * x[:, 1] > 0).long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
