import torch
from torch import nn

torch.manual_seed(0)
G = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
og = torch.optim.Adam(G.parameters(), lr=1e-4, betas=(0.0, 0.9))
od = torch.optim.Adam(D.parameters(), lr=1e-4, betas=(0.0, 0.9))
for step in range(10):
    for _ in range(3):
        real = torch.randn(32, 2) + 2
        with torch.no_grad():
            fake = G(torch.randn(32, 4))
        mix = torch.rand(32, 1)
        between = (mix * real + (1 - mix) * fake).requires_grad_(True)
        slope, = torch.autograd.grad(D(between).sum(), between, create_graph=True)
        loss = D(fake).mean() - D(real).mean() + 10 * (slope.norm(2, dim=1) - 1).pow(2).mean()
        od.zero_grad()
        loss.backward()
        od.step()
    og.zero_grad()
    (-D(G(torch.randn(32, 4))).mean()).backward()
    og.step()
