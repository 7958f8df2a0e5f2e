import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Sequential(nn.Linear(3,8),nn.ReLU(),nn.Linear(8,1),nn.Sigmoid()); opt=torch.optim.Adam(net.parameters(),lr=.02); c=nn.BCEWithLogitsLoss()
for i in range(20):
    x=torch.rand(16,3); l=c(net(x),(x[:,:1]>.5).float()); opt.zero_grad(); l.backward(); opt.step(); print(i,l.item())
