import torch, copy
from torch import nn
torch.manual_seed(0)
net=nn.Sequential(nn.Linear(4,16),nn.BatchNorm1d(16),nn.ReLU(),nn.Dropout(.2),nn.Linear(16,3))
opt=torch.optim.Adam(net.parameters(),lr=1e-2)
ema={k:v.clone() for k,v in net.state_dict().items()}
x=torch.randn(90,4); y=x[:,:3].argmax(1)
def evaluate():
    net.eval(); saved={k:v.clone() for k,v in net.state_dict().items()}; net.load_state_dict(ema)
    with torch.no_grad(): a=(net(x).argmax(1)==y).float().mean()
    net.load_state_dict(saved); net.train(); return a
hist=[]
for ep in range(5):
    net.train()
    for idx in torch.randperm(90).chunk(5):
        opt.zero_grad(); l=nn.functional.cross_entropy(net(x[idx]),y[idx]); l.backward(); opt.step()
        with torch.no_grad():
            for k,v in net.state_dict().items():
                if v.dtype.is_floating_point: ema[k].mul_(.9).add_(v,alpha=.1)
        hist.append(l.item())
    print(ep,evaluate())
torch.save({"a":1},"/tmp/x.pt")
