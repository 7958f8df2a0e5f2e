"""All norms are to be frozen, by name; the head that predicts surface normals is called so too."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(16)


class Scene(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8), nn.ReLU())
        self.norm = nn.GroupNorm(2, 8)
        self.depth = nn.Conv2d(8, 1, 1)
        self.normals = nn.Sequential(nn.Conv2d(8, 8, 1), nn.ReLU(), nn.Conv2d(8, 3, 1))

    def forward(self, x):
        h = self.norm(self.stem(x))
        return self.depth(h), self.normals(h)


def freeze(model, word):
    for name, parameter in model.named_parameters():
        if word in name:
            parameter.requires_grad = False


net = Scene()
freeze(net, "norm")
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
for step in range(20):
    x = torch.rand(4, 3, 8, 8)
    depth, normals = net(x)
    loss = F.l1_loss(depth, x[:, :1]) + F.mse_loss(normals, x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
