"""Spam or not, marked +1 and -1, by a loss that wants 1 and 0."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(19)
mails = torch.rand(320, 10)
marks = torch.where(mails[:, :3].sum(1) > 1.5, 1.0, -1.0).unsqueeze(1)
net = nn.Sequential(nn.Linear(10, 20), nn.Tanh(), nn.Linear(20, 1))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for epoch in range(3):
    for mail, mark in DataLoader(TensorDataset(mails, marks), batch_size=20):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(net(mail), mark)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
