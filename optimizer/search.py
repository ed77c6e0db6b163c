"""Improves a plan by freeing some jobs at a time and placing them again with CP-SAT."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from optimizer import kernel
from optimizer.cpsat import Candidates, WindowModel
from optimizer.greedy import Draft, costs, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from optimizer.bound import Dual
    from optimizer.tables import Floats, Ints, Tables

_WIDTH = 30  # windows per job that a neighbourhood looks at
_EFFORT = 1.0

class Move(NamedTuple):
    """New choices for some jobs."""

    jobs: Ints
    option: Ints
    start: Ints
    gain: int
    proven: bool


class Search:
    """A plan, the prices that guide its repair, and how large a neighbourhood may be."""

    def __init__(self, table: Tables, dual: Dual, draft: Draft, rng: Generator) -> None:
        """Start from ``draft``."""
        self._table, self._dual, self._rng = table, dual, rng
        self.draft = draft
        self._prefix = dual.prefix()
        self._floor = self._least()
        self._size = 60.0
        most = int(np.diff(table.queue.job_ptr).max()) * table.price.shape[1] + 1
        self._buffers = (np.zeros(most), np.zeros((most, 2), np.int64))
        self.log=[]

    @property
    def cost(self) -> int:
        """What the plan costs now."""
        return sum(costs(self._table, self.draft).tolist())

    def run(self, workers, deadline, clock):
        import time
        with ThreadPoolExecutor(workers) as pool:
            turn=0
            while clock() < deadline:
                turn+=1
                groups=self._groups(workers)
                tasks=[]
                for i,(kind,jobs) in enumerate(groups):
                    room=np.where((np.arange(len(self.draft.room))%len(groups)==i)[:,None], self.draft.room, 0)
                    tasks.append(pool.submit(self._improve, kind, jobs, room, max(0.1,deadline-clock()), int(self._rng.integers(2**31)), clock))
                for t in tasks:
                    mv=t.result()
                    self._apply(mv)
                    self._size = min(max(self._size*(1.05 if mv.proven else 0.92),20),400)

    def _regret(self):
        return values(self._table, self.draft, self._prefix, self._table.queue.unplaced)-self._floor

    def _least(self):
        v=np.zeros(self._table.jobs)
        kernel.cheapest(self._table.queue,self._table.capacity,self._prefix,v,*kernel.choices(self._table.jobs))
        return v

    def _groups(self, workers):
        taken=np.zeros(self._table.jobs,bool)
        out=[]
        regret=np.maximum(self._regret(),0)
        for i in range(workers):
            n=min(int(self._size), max(1,self._table.jobs//workers))
            kind=int(self._rng.integers(0,3))
            if kind==0: jobs=self._by_blocking(n,regret,taken)
            elif kind==1: jobs=self._by_time(n,taken)
            else: jobs=self._by_offer(n,regret,taken)
            taken[jobs]=True
            out.append((kind,jobs))
        return out

    def _spans(self):
        q=self._table.queue
        k=self.draft.option
        placed=k>=0
        offer=np.where(placed,q.row_offer[q.opt_row[k]],-1)
        end=np.where(placed,self.draft.start+q.opt_slots[k],-1)
        return offer,self.draft.start,end

    def _by_blocking(self,n,regret,taken):
        q=self._table.queue
        offer,start,end=self._spans()
        w=regret+regret.mean()*0.1+1e-9
        w=np.where(taken,0,w); 
        first=int(self._rng.choice(len(w),p=w/w.sum()))
        chosen=[first]; seen=set(chosen); i=0
        while i<len(chosen) and len(chosen)<n:
            j=chosen[i]; i+=1
            val,win=self._windows(j,self._table.capacity)
            best=np.argsort(val)[:6]
            for b in best:
                k,s=win[b]
                o=q.row_offer[q.opt_row[k]]
                e=s+q.opt_slots[k]
                hit=np.flatnonzero((offer==o)&(start<e)&(end>s)&~taken)
                hit=self._rng.permutation(hit)[:8]
                for h in hit.tolist():
                    if h not in seen and len(chosen)<n:
                        seen.add(h); chosen.append(h)
        return np.array(sorted(chosen))

    def _by_time(self,n,taken):
        q=self._table.queue
        offer,start,end=self._spans()
        mid=np.where(offer>=0,(start+end)/2,(q.release+q.end)/2)
        c=self._rng.uniform(0,self._table.price.shape[1])
        sub=self._rng.random(len(self._table.price))<0.5
        score=np.abs(mid-c)+np.where((offer<0)|sub[offer],0,1000)+1e6*taken
        return np.sort(np.argsort(score,kind='stable')[:n])

    def _by_offer(self,n,regret,taken):
        q=self._table.queue
        offer,start,end=self._spans()
        mid=np.where(offer>=0,(start+end)/2,(q.release+q.end)/2)
        c=self._rng.uniform(0,self._table.price.shape[1])
        sub=self._rng.permutation(len(self._table.price)).argsort()
        score=np.where(offer<0,-1,sub[offer])*20+np.abs(mid-c)+1e6*taken
        return np.sort(np.argsort(score,kind='stable')[:n])

    def _windows(self,j,room):
        most = len(self._buffers[0])
        v=np.zeros(most);o=np.zeros((most,2),np.int64)
        c=kernel.windows(self._table.queue,room,self._prefix,j,v,o)
        return v[:c],o[:c]

    def _improve(self, kind, jobs, room, limit, seed, clock):
        t0=clock()
        q=self._table.queue
        room=room.copy()
        for j in jobs:
            if self.draft.option[j]>=0: kernel.occupy(q,room,self.draft.option[j],self.draft.start[j],-1)
        J,K,S=[],[],[]
        cur=[]
        for i,j in enumerate(jobs.tolist()):
            val,win=self._windows(j,room)
            b=np.argpartition(val,_WIDTH)[:_WIDTH] if len(val)>_WIDTH else np.arange(len(val))
            rows={(int(k),int(s)) for k,s in win[b]}|{(-1,-1)}
            here=(int(self.draft.option[j]),int(self.draft.start[j]))
            rows.add(here)
            for k,s in sorted(rows):
                if (k,s)==here: cur.append(len(J))
                J.append(i);K.append(k);S.append(s)
        J=np.array(J);K=np.array(K);S=np.array(S)
        cost=window_costs(self._table,jobs[J],K,S)
        cand=Candidates(J,K,S,cost)
        t1=clock()
        m=WindowModel(q,room,cand,exact=False)
        m.hint(np.array(cur))
        t2=clock()
        a=m.solve(limit_s=limit,effort=_EFFORT,seed=seed,workers=1)
        t3=clock()
        if a.chosen is None: return Move(jobs,self.draft.option[jobs],self.draft.start[jobs],0,False)
        old=int(cost[cur].sum()); new=int(cost[a.chosen].sum())
        self.log.append((kind,len(jobs),old-new,a.proven,t1-t0,t2-t1,t3-t2))
        if new>=old: return Move(jobs,self.draft.option[jobs].copy(),self.draft.start[jobs].copy(),0,a.proven)
        return Move(jobs,K[a.chosen],S[a.chosen],old-new,a.proven)

    def _apply(self, mv):
        q=self._table.queue
        if mv.gain==0:return
        for j in mv.jobs:
            if self.draft.option[j]>=0: kernel.occupy(q,self.draft.room,self.draft.option[j],self.draft.start[j],-1)
        self.draft.option[mv.jobs]=mv.option; self.draft.start[mv.jobs]=mv.start
        for j in mv.jobs:
            if self.draft.option[j]>=0: kernel.occupy(q,self.draft.room,self.draft.option[j],self.draft.start[j],1)
        assert self.draft.room.min()>=0

def window_costs(T,jobs,K,S):
    q=T.queue; base=T.base_prefix()
    out=q.unplaced[jobs].copy()
    p=np.flatnonzero(K>=0)
    k=K[p];r=q.opt_row[k]
    out[p]=base[r,S[p]+q.opt_slots[k]]-base[r,S[p]]+q.opt_fixed[k]
    return out
