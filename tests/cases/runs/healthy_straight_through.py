import torch
from torch import nn


class Quantizer(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes = nn.Embedding(16, 4)

    def forward(self, z):
        nearest = torch.cdist(z, self.codes.weight).argmin(1)
        q = self.codes(nearest)
        loss = (q - z.detach()).pow(2).mean() + 0.25 * (q.detach() - z).pow(2).mean()
        return z + (q - z).detach(), loss


torch.manual_seed(0)
encoder, quantizer, decoder = nn.Linear(10, 4), Quantizer(), nn.Linear(4, 10)
parameters = [*encoder.parameters(), *quantizer.parameters(), *decoder.parameters()]
optimizer = torch.optim.Adam(parameters, lr=3e-3)
x = torch.randn(64, 10)
for step in range(40):
    q, extra = quantizer(encoder(x))
    loss = nn.functional.mse_loss(decoder(q), x) + extra
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
