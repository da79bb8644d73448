// A stand-in for the hub in the tests of the page: relays between the tabs of one browser
// and can be cut off and joined again.
(() => {
  const channel = new BroadcastChannel('hub');
  const heard = new Map();
  const fire = (event, ...args) => (heard.get(event) ?? []).forEach((fn) => fn(...args));
  let joined = false;
  channel.onmessage = ({ data }) => joined && fire(...data);
  globalThis.fakeHub = {
    emitted: [],
    join() { joined = true; fire('connect'); },
    drop() { joined = false; fire('disconnect', 'transport close'); },
    say(...message) { channel.postMessage(message); fire(...message); },
  };
  globalThis.io = () => {
    setTimeout(() => fakeHub.join());
    return {
      on: (event, fn) => heard.set(event, [...(heard.get(event) ?? []), fn]),
      emit: (event, job) => {
        fakeHub.emitted.push(event);
        fakeHub.say(event.replace('client:', 'server:'), job);
      },
    };
  };
})();
