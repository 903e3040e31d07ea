"""Every refusal of the server as one function, with the wording of its public sources.

A `※` marks what the closed part of Telegram decides: code or wording is our guess there, and nothing rests on it."""

from __future__ import annotations

from bot.demo.wire import Payload

PREFIXES = {
    400: "Bad Request: ",
    401: "",
    403: "Forbidden: ",
    404: "Not Found: ",
    409: "Conflict: ",
    413: "",
    429: "",
    500: "",
    502: "",
}


class Refused(Exception):
    """A call, or a person's act, that the server refuses."""

    def __init__(self, code: int, text: str, **parameters: int) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.parameters = parameters

    @property
    def description(self) -> str:
        return describe(self.code, self.text)

    @property
    def body(self) -> Payload:
        body: Payload = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = dict(self.parameters)
        return body


def describe(code: int, text: str) -> str:
    """The server's prefix and its way with the first letter: lowered, unless the word is an error's NAME."""
    prefix = PREFIXES.get(code, "")
    if prefix and len(text) > 1 and not (text[1].isupper() or text[1] == "_"):
        text = text[0].lower() + text[1:]
    return prefix + text


def bad(text: str) -> Refused:
    return Refused(400, text)


def forbidden(text: str) -> Refused:
    return Refused(403, text)


# Token, size, flood


def unauthorized() -> Refused:
    return Refused(401, "Unauthorized")


def method_not_found() -> Refused:
    return Refused(404, "method not found")


def body_too_large() -> Refused:
    return Refused(413, "Request Entity Too Large")  # ※


def flood(seconds: int) -> Refused:
    return Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


# Chats


def chat_id_empty() -> Refused:
    return bad("chat_id is empty")


def chat_not_found() -> Refused:
    return bad("chat not found")


def not_initiated() -> Refused:
    return forbidden("bot can't initiate conversation with a user")


def blocked() -> Refused:
    return forbidden("bot was blocked by the user")


def deactivated() -> Refused:
    return forbidden("user is deactivated")


def kicked(kind: str) -> Refused:
    return forbidden(f"bot was kicked from the {kind} chat")


def not_a_member(kind: str) -> Refused:
    return forbidden(f"bot is not a member of the {kind} chat")


def upgraded(new_id: int) -> Refused:
    return Refused(400, "group chat was upgraded to a supergroup chat", migrate_to_chat_id=new_id)


def no_right_to_send(what: str) -> Refused:
    return bad(f"not enough rights to send {what} to the chat")


# Texts


def text_missing() -> Refused:
    return bad("message text is empty")


def text_empty() -> Refused:
    return bad("text must be non-empty")


def text_too_long() -> Refused:
    return bad("text is too long")


def message_too_long() -> Refused:
    return bad("message is too long")


def caption_too_long() -> Refused:
    return bad("message caption is too long")


def parse_mode_unsupported() -> Refused:
    return bad("unsupported parse_mode")


def unparsable(reason: str) -> Refused:
    return bad(f"can't parse entities: {reason}")


# Keyboards


def markup_not_object() -> Refused:
    return bad("object expected as reply markup")


def inline_keyboard_expected() -> Refused:
    return bad("inline keyboard expected")


def button_without_action() -> Refused:
    return bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def button_text_empty() -> Refused:
    return bad("inline keyboard button text must be non-empty")


def button_data_invalid() -> Refused:
    return bad("BUTTON_DATA_INVALID")  # ※


def markup_too_long() -> Refused:
    return bad("reply markup is too long")


def button_type_invalid() -> Refused:
    return bad("BUTTON_TYPE_INVALID")  # ※


def button_url_invalid() -> Refused:
    return bad("BUTTON_URL_INVALID")  # ※


# Editing, deleting, replying, topics, pins


def message_id_missing() -> Refused:
    return bad("message identifier is not specified")


def edit_not_found() -> Refused:
    return bad("message to edit not found")


def edit_not_possible() -> Refused:
    return bad("message can't be edited")


def not_modified() -> Refused:
    return bad(
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )


def nothing_to_edit(what: str) -> Refused:
    return bad(f"there is no {what} in the message to edit")


def delete_not_found() -> Refused:
    return bad("message to delete not found")


def delete_too_late() -> Refused:
    return bad("message can't be deleted for everyone")


def delete_not_possible() -> Refused:
    return bad("message can't be deleted")


def reply_not_found() -> Refused:
    return bad("message to be replied not found")


def thread_not_found() -> Refused:
    return bad("message thread not found")


def topic_closed() -> Refused:
    return bad("TOPIC_CLOSED")  # ※


def pin_not_found() -> Refused:
    return bad("message to pin not found")


def unpin_not_found() -> Refused:
    return bad("message to unpin not found")


def pin_of_service() -> Refused:
    return bad("service messages can't be pinned")


def no_right_to_pin() -> Refused:
    return bad("not enough rights to manage pinned messages in the chat")


# Callback queries


def query_too_old() -> Refused:
    return bad("query is too old and response timeout expired or query ID is invalid")


def answer_too_long() -> Refused:
    return bad("MESSAGE_TOO_LONG")  # ※


# Polls


def question_too_long() -> Refused:
    return bad("poll question length must not exceed 300")


def no_options() -> Refused:
    return bad("poll must have at least one answer option")


def too_many_options() -> Refused:
    return bad("poll can't have more than 12 options")


def option_empty() -> Refused:
    return bad("poll option must be non-empty")


def option_too_long() -> Refused:
    return bad("poll options length must not exceed 100")


def voters_not_restrictable() -> Refused:
    return bad("poll voters can be restricted only in channel chats")


def poll_type_unsupported() -> Refused:
    return bad("unsupported poll type specified")


def correct_ids_empty() -> Refused:
    return bad("correct quiz option list must be non-empty")


def correct_ids_not_increasing() -> Refused:
    return bad("correct quiz option list must be increasing")


def correct_id_wrong() -> Refused:
    return bad("wrong quiz correct_option_id")


def close_date_invalid() -> Refused:
    return bad("POLL_CLOSE_DATE_INVALID")  # ※


def stop_not_found() -> Refused:
    return bad("message with poll to stop not found")


def not_a_poll() -> Refused:
    return bad("message is not a poll")


def poll_closed() -> Refused:
    return bad("poll has already been closed")


# Files, members


def file_wrong() -> Refused:
    return bad("wrong file identifier/HTTP URL specified")


def file_empty() -> Refused:
    return bad("file must be non-empty")


def photo_unreadable() -> Refused:
    return bad("IMAGE_PROCESS_FAILED")  # ※


def file_too_big() -> Refused:
    return bad("file is too big")


def file_not_found() -> Refused:
    return bad("wrong file_id or the file is temporarily unavailable")


def user_not_found() -> Refused:
    return bad("user not found")


def no_administrators() -> Refused:
    return bad("there are no administrators in the private chat")


def action_wrong() -> Refused:
    return bad("wrong parameter action in request")


# getUpdates


def other_poller() -> Refused:
    return Refused(409, "terminated by other getUpdates request; make sure that only one bot instance is running")


def webhook_active() -> Refused:
    return Refused(
        409, "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )


# Commands


def command_invalid() -> Refused:
    return bad("BOT_COMMAND_INVALID")  # ※


def command_too_long() -> Refused:
    return bad("command length must not exceed 32")


def command_description_empty() -> Refused:
    return bad("command description must be non-empty")


def command_description_too_long() -> Refused:
    return bad("command description length must not exceed 256")


def too_many_commands() -> Refused:
    return bad("BOT_COMMANDS_TOO_MUCH")  # ※
