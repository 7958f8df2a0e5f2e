import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Linear(6,5); opt=torch.optim.Adam(net.parameters(),lr=.02)
for i in range(20):
    x=torch.rand(16,6); y=(x[:,:5]>.5).float(); l=F.cross_entropy(net(x),y); opt.zero_grad(); l.backward(); opt.step(); print(i,l.item())
