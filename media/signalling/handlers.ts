import type { types } from 'mediasoup';
import { AppError } from '../../domain/errors.ts';
import type { LiveSession } from '../live-session.ts';
import type { RequestName, RequestOf } from './messages.ts';
import { producerFacts } from './stage-room.ts';
import type { Seat } from './seat.ts';

type Facts = Record<string, unknown>;
type Handlers = { [N in RequestName]: (seat: Seat, request: RequestOf<N>) => Facts | Promise<Facts> };

/** What each request does, for a socket that has been let in. Refusals are AppErrors. */
export const HANDLERS: Handlers = {
  join: (seat, { stream_id, role }) => seat.join(stream_id, role),

  leave(seat) {
    seat.leave('closed');
    return {};
  },

  capabilities: (seat) => ({ capabilities: seat.peer().room.stage.capabilities }),

  producers: (seat) => ({ producers: seat.peer().room.stage.producers().map(producerFacts) }),

  async createTransport(seat, { direction }) {
    const peer = seat.peer();
    if (direction === 'send') await seat.mayPublish();
    const { id, iceParameters, iceCandidates, dtlsParameters } = await peer.createTransport(direction);
    return { transport: { id, iceParameters, iceCandidates, dtlsParameters, iceServers: seat.iceServers } };
  },

  async connectTransport(seat, { transport_id, dtls_parameters }) {
    await seat.peer().transport(transport_id).connect({ dtlsParameters: dtls_parameters });
    return {};
  },

  restartIce: async (seat, { transport_id }) => ({ ice_parameters: await seat.peer().transport(transport_id).restartIce() }),

  async produce(seat, { transport_id, kind, rtp_parameters }) {
    const peer = seat.peer();
    const session = await seat.mayPublish();
    // The first of a kind is the main one; what comes beside it, such as a shared screen, is for those on stage. A camera that was off
    // and comes back beside the screen is the main one again.
    const main = session !== null && !hasMain(session, kind);
    const producer = await peer.produce(transport_id, { kind, rtpParameters: rtp_parameters });
    seat.show({ producer, main, participant_id: main ? session.id : peer.id });
    return { producer_id: producer.id, main };
  },

  async consume(seat, { transport_id, producer_id, rtp_capabilities }) {
    const { id, kind, rtpParameters, type } = await seat.peer().consume(transport_id, producer_id, rtp_capabilities);
    return { consumer: { id, producer_id, kind, rtpParameters, type } };
  },

  async setLayers(seat, { consumer_id, spatial_layer, temporal_layer }) {
    await seat.peer().consumer(consumer_id).setPreferredLayers({ spatialLayer: spatial_layer, temporalLayer: temporal_layer });
    return {};
  },

  async pause(seat, given) {
    await held(seat, given).pause();
    return {};
  },

  async resume(seat, given) {
    await held(seat, given).resume();
    return {};
  },

  close(seat, { transport_id, ...given }) {
    (transport_id ? seat.peer().transport(transport_id) : held(seat, given)).close();
    return {};
  },

  invite(seat, { user_id }) {
    seat.host().room.invite(user_id);
    return {};
  },

  dismiss: (seat, { user_id }) => ({ dismissed: seat.host().room.dismiss(user_id) }),

  askToJoin(seat) {
    const peer = seat.peer();
    if (peer.userId === null) throw new AppError('unauthenticated', 'sign in to come on stage');
    return { hosts: peer.room.tellHosts(peer.facts) };
  },
};

const hasMain = ({ id, stage }: LiveSession, kind: types.MediaKind): boolean => stage.producers().some((entry) => entry.main && entry.participant_id === id && entry.producer.kind === kind);

function held(seat: Seat, { consumer_id, producer_id }: { consumer_id?: string | undefined; producer_id?: string | undefined }): types.Consumer | types.Producer {
  return consumer_id ? seat.peer().consumer(consumer_id) : seat.peer().producer(producer_id!);
}
