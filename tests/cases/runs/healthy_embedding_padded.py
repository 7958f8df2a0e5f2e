import torch
from torch import nn
torch.manual_seed(0)
class T(nn.Module):
    def __init__(s):
        super().__init__(); s.e=nn.Embedding(20,8,padding_idx=0); s.r=nn.LSTM(8,8,batch_first=True); s.o=nn.Linear(8,1)
    def forward(s,i): h,_=s.r(s.e(i)); return s.o(h[:,-1]).squeeze(-1)
t=T(); o=torch.optim.Adam(t.parameters()); ids=torch.randint(1,20,(16,7))
for r in range(16): ids[r,torch.randint(3,7,()).item():]=0
y=(ids[:,0]>9).float()
for i in range(10):
    o.zero_grad(); l=nn.functional.binary_cross_entropy_with_logits(t(ids),y); l.backward(); nn.utils.clip_grad_norm_(t.parameters(),.5); o.step()
