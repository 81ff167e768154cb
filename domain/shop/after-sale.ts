/** Waits for the seller, the buyer or TikTok. The words are those of https://partner.tiktokshop.com/docv2/page/return-refund-and-cancel-api-overview. */
export const isOpenAfterSale = (status: string): boolean => !/_(COMPLETE|CANCEL|CANCELLED|SUCCESS|REJECT)$/.test(status);
