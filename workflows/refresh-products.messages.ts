import { defineSignal } from '@temporalio/workflow';
import type { ProductsChanged } from '../domain/contracts/shop-sync.ts';

/** These products are new or changed at TikTok: read again. */
export const productsChangedSignal = defineSignal<[ProductsChanged]>('productsChanged');
