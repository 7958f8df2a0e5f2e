import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Conv1d(1, 3, 5)
        self.out = nn.Linear(3, 1)

    def forward(self, x):
        h = self.encoder(x)
        peaks = h.detach().cpu().numpy().max(axis=-1)
        return self.out(torch.as_tensor(peaks))


torch.manual_seed(0)
net = Net()
optimizer = torch.optim.RAdam(net.parameters(), lr=0.01)
x, y = torch.randn(20, 1, 30), torch.randn(20, 1)
for step in range(20):
    loss = nn.functional.l1_loss(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
