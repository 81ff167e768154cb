import { AppError } from '../../domain/errors.ts';
import { placeViewer } from '../../domain/streaming/placement.ts';
import { openSite, type StageSite } from './stage-site.ts';
import type { FleetWorker, WorkerFleet } from './worker-fleet.ts';

/** Where viewers of one stage are: `viewers` counts those who still wait for `site` too. */
export interface ViewerPlace {
  readonly home: FleetWorker;
  readonly site: Promise<StageSite>;
  viewers: number;
}

export interface ViewerPlacesOptions {
  fleet: WorkerFleet;
  viewersPerWorker: number;
  /** Another router was opened. */
  onOpened: (site: StageSite) => void;
}

/** The origin and the edges of one stage; edges are opened as viewers need them, and closed with their last one. */
export class ViewerPlaces {
  readonly #options: ViewerPlacesOptions;
  #origin: ViewerPlace;
  #edges: ViewerPlace[] = [];
  readonly #opened = new Set<StageSite>();

  constructor(options: ViewerPlacesOptions, origin: StageSite) {
    this.#options = options;
    this.#origin = placeOf(origin);
  }

  /** Edges that are open. */
  get edges(): readonly StageSite[] {
    return [...this.#opened];
  }

  /** The stage has another origin; what was on dead workers is forgotten. */
  moved(origin: StageSite): void {
    this.#origin = placeOf(origin);
    this.forgetDead();
  }

  forgetDead(): void {
    this.#edges = this.#edges.filter(({ home }) => !home.worker.closed);
    for (const site of this.#opened) if (site.router.closed) this.#opened.delete(site);
  }

  /** Counted at once: those who come in the same moment are spread too. @throws AppError media_worker_died */
  async take(): Promise<{ place: ViewerPlace; site: StageSite }> {
    const place = this.#choose();
    place.viewers += 1;
    place.home.load.viewers += 1;
    try {
      const site = await place.site;
      if (site.router.closed) throw new AppError('media_worker_died');
      return { place, site };
    } catch (error) {
      this.leave(place);
      throw error;
    }
  }

  leave(place: ViewerPlace): void {
    place.viewers -= 1;
    place.home.load.viewers -= 1;
    if (place.viewers === 0 && place !== this.#origin) this.#close(place);
  }

  /** All edges; the origin is the stage's. */
  closeEdges(): void {
    for (const place of this.#edges) this.#close(place);
  }

  #choose(): ViewerPlace {
    const { fleet, viewersPerWorker } = this.#options;
    const places = [this.#origin, ...this.#edges];
    const loads = fleet.workers.map((worker) => worker?.load ?? null);
    const choice = placeViewer(places.map(({ home }) => home.index), loads, viewersPerWorker);
    if (choice.kind === 'join') return places[choice.site]!;
    return this.#open(fleet.workers[choice.worker]!);
  }

  #open(home: FleetWorker): ViewerPlace {
    const place: ViewerPlace = { home, viewers: 0, site: openSite(home) };
    this.#edges.push(place);
    place.site.then(
      (site) => {
        if (!this.#edges.includes(place)) return;
        this.#opened.add(site);
        this.#options.onOpened(site);
      },
      () => this.#drop(place),
    );
    return place;
  }

  #close(place: ViewerPlace): void {
    this.#drop(place);
    place.site.then(
      (site) => {
        this.#opened.delete(site);
        site.dialects.close();
        site.router.close();
      },
      // It was never opened: whoever waits for it is told.
      () => undefined,
    );
  }

  #drop(place: ViewerPlace): void {
    this.#edges = this.#edges.filter((each) => each !== place);
  }
}

const placeOf = (origin: StageSite): ViewerPlace => ({ home: origin.home, site: Promise.resolve(origin), viewers: 0 });
