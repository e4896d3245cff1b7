// The one way out of a container to a MotherGoose that listens on the host's loopback only: what comes to the same
// address inside goes to a socket of hers. `relay.mjs SOCKET HOST PORT`
import { connect, createServer } from 'node:net';

const [socket, host, port] = process.argv.slice(2);
createServer((from) => {
  const to = connect(socket);
  from.pipe(to).pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.on('close', () => to.destroy());
  to.on('close', () => from.destroy());
}).listen(Number(port), host);
