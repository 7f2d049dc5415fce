// Instead of @langchain/core/messages, which needs a bundler: the client imports these for its event-streaming hooks only.

class Unused {}

export const AIMessage = Unused;
export const AIMessageChunk = Unused;
export const BaseMessageChunk = Unused;
export const HumanMessage = Unused;
export const HumanMessageChunk = Unused;
export const RemoveMessage = Unused;
export const SystemMessage = Unused;
export const SystemMessageChunk = Unused;
export const ToolMessage = Unused;
export const ToolMessageChunk = Unused;
export const coerceMessageLikeToMessage = Unused;
export const convertToChunk = Unused;
