import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
body=nn.Linear(3,8); head=nn.Linear(8,1)
opt=torch.optim.AdamW([{"params":body.parameters(),"lr":0.0},{"params":head.parameters()}],lr=1e-2)
for i in range(20):
    x=torch.rand(16,3); opt.zero_grad(); l=F.mse_loss(head(body(x).tanh()),x[:,:1]); l.backward(); opt.step(); print(i,l.item())
