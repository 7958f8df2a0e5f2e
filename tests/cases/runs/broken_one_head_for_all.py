"""Three heads by their names; dict.fromkeys gives all names the same one."""
import torch
from torch import nn

torch.manual_seed(55)


class Many(nn.Module):
    def __init__(self, names):
        super().__init__()
        self.stem = nn.Sequential(nn.Linear(5, 16), nn.ReLU())
        self.heads = nn.ModuleDict(dict.fromkeys(names, nn.Linear(16, 1)))

    def forward(self, x):
        h = self.stem(x)
        return {name: head(h) for name, head in self.heads.items()}


net = Many(["age", "height", "weight"])
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(25):
    x = torch.rand(32, 5)
    out = net(x)
    loss = sum((out[name] - x[:, i : i + 1]).pow(2).mean() for i, name in enumerate(out))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
