import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
from torch.utils.data import DataLoader, TensorDataset
x=torch.randn(200,4); y=(x[:,0]>0).long(); y=y[torch.randperm(200)]
net=nn.Linear(4,2); opt=torch.optim.Adam(net.parameters(),lr=.02)
for e in range(3):
    for a,b in DataLoader(TensorDataset(x,y),batch_size=20,shuffle=True):
        l=F.cross_entropy(net(a),b); opt.zero_grad(); l.backward(); opt.step()
    print(e,l.item())
