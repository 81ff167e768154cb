import { fork } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from '/work/main/node_modules/ws/wrapper.mjs';
import { fetchSigned } from '/work/main/tests/helpers/push-client.ts';
const child = fork('/tmp/sbload.mts',[],{execArgv:['--import','/work/main/node_modules/tsx/dist/esm/index.mjs'],cwd:'/work/main'});
const [{url}] = await once(child,'message') as any;
const post=(m:string,p:string,b?:any)=>fetch(url+'/control'+p,{method:m,body:b?JSON.stringify(b):undefined}).then(r=>r.json() as any);
for (const perFrame of [1,10,100]) {
  const room = await post('POST','/rooms',{name:'l'+perFrame,history:0});
  const {result}=await fetchSigned(url,room.room_id);
  const ws=new WebSocket(`${result!.pushServer}?room_id=${room.room_id}&cursor=${encodeURIComponent(result!.cursor)}&compress=gzip`);
  let frames=0,bytes=0; ws.on('message',(d:Buffer)=>{frames++;bytes+=d.length});
  await once(ws,'open');
  child.send('x'); const [a]=await once(child,'message') as any;
  await post('POST',`/rooms/l${perFrame}/load`,{events_per_second:20000,events_per_frame:perFrame,duration_s:4});
  let st; do { await new Promise(r=>setTimeout(r,200)); st=await post('GET',`/rooms/l${perFrame}/load`);} while(st.running);
  child.send('x'); const [b]=await once(child,'message') as any;
  console.log(perFrame, 'sent',st.sent,'ms',st.ended_at_ms-st.started_at_ms,'cpu s',(b.cpu-a.cpu).toFixed(2),'rss',b.rss|0,'frames',frames,'MB',(bytes/1e6).toFixed(1));
  ws.terminate();
}
child.kill(); process.exit(0);
