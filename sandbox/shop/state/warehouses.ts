import { hashOf } from '../../catalogue/random.ts';

export interface DeliveryOption {
  id: string;
  name: string;
  type: 'STANDARD' | 'SEND_BY_SELLER';
  description: string;
}
export interface ShippingProvider {
  id: string;
  name: string;
  /** What its tracking numbers look like. */
  format: RegExp;
}
export interface Warehouse {
  id: string;
  name: string;
  type: 'SALES_WAREHOUSE' | 'RETURN_WAREHOUSE';
  is_default: boolean;
  region_code: string;
  state: string;
  city: string;
  town: string;
  line: string;
  postal_code: string;
}

const PLACES: Readonly<Record<string, Pick<Warehouse, 'state' | 'city' | 'town' | 'line' | 'postal_code'>>> = {
  GB: { state: 'England', city: 'Manchester', town: 'Salford', line: '12 Quay Street', postal_code: 'M3 3JE' },
  ID: { state: 'DKI Jakarta', city: 'Jakarta Selatan', town: 'Kebayoran Baru', line: 'Jl. Senopati No. 8', postal_code: '12190' },
};
const ELSEWHERE = { state: 'State', city: 'City', town: 'Town', line: '1 Warehouse Road', postal_code: '10000' };

const idOf = (text: string): string => String(7_310_000_000_000_000_000n + BigInt(hashOf(text)) * 977n);

/** Two that sell and one that takes returns. */
export function warehousesOf(shopName: string, region: string): Warehouse[] {
  const place = { ...(PLACES[region] ?? ELSEWHERE), region_code: region };
  return [
    { id: idOf(`${shopName} main`), name: 'Main warehouse', type: 'SALES_WAREHOUSE', is_default: true, ...place },
    { id: idOf(`${shopName} second`), name: 'Second warehouse', type: 'SALES_WAREHOUSE', is_default: false, ...place },
    { id: idOf(`${shopName} returns`), name: 'Returns', type: 'RETURN_WAREHOUSE', is_default: true, ...place },
  ];
}

/** TikTok runs the first; for the second the seller chooses the provider. */
export const DELIVERY_OPTIONS = {
  TIKTOK: { id: '7129104480017909506', name: 'Standard shipping', type: 'STANDARD', description: 'Shipped via TikTok Shop' },
  SELLER: { id: '6956553636894443266', name: 'Send by Seller', type: 'SEND_BY_SELLER', description: 'Shipped by the seller' },
} as const satisfies Record<string, DeliveryOption>;

const digits = (name: string, id: string, format: RegExp): ShippingProvider => ({ id, name, format });
const PROVIDERS: Readonly<Record<string, readonly ShippingProvider[]>> = {
  GB: [digits('Royal Mail', '7117858858072016645', /^[A-Z0-9]{9,16}$/i), digits('DPD UK', '7117859084333745925', /^[A-Z0-9]{8,20}$/i), digits('Evri', '7117858858072033029', /^[A-Z0-9]{8,20}$/i)],
  ID: [digits('JNE', '6841743441349706241', /^[A-Z0-9]{8,20}$/i), digits('SiCepat', '6841743441349706753', /^[A-Z0-9]{8,20}$/i)],
};
const ANYWHERE = [digits('UPS', '7117859084333745926', /^[A-Z0-9]{8,22}$/i), digits('DHL', '7117858858072033030', /^[A-Z0-9]{8,22}$/i)];

export const providersOf = (region: string): readonly ShippingProvider[] => PROVIDERS[region] ?? ANYWHERE;
/** Who carries what TikTok ships. */
export const TIKTOK_CARRIER: ShippingProvider = { id: '7054105118634051330', name: 'TikTok Shipping Express', format: /^/ };
