import React, { useMemo, useState } from 'react';
import { shout } from './shout';

export default class App extends React.Component {
  render() {
    return <Text {...this.props} />;
  }
}

function Text({ mode }) {
  const [word] = useState('react');
  const loud = useMemo(() => shout(word), [word]);
  return <output data-mode={mode}>{loud} {React.version.split('.')[0]}</output>;
}
